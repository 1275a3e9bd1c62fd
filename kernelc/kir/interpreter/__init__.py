"""The interpreter of kernels: what they mean, in numpy, one invocation after another."""
