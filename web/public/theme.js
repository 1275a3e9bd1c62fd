// The chosen theme, before anything is drawn. (Not in the page's module: that runs after the first picture.)
try {
  const theme = JSON.parse(localStorage.getItem("kernelc.theme"));
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Blocked storage: the system's theme it is.
}
