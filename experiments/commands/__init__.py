"""What the commands of `python -m experiments` share, and the longest of them."""
