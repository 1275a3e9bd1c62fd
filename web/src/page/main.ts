document.title = "kernelc";
