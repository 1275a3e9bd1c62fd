"""Files of `torch.save` (.bin, .pt, .pth): their pickles are read without being run."""
