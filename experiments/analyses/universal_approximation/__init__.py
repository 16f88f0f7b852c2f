"""Networks with one hidden layer, fitted to functions."""
