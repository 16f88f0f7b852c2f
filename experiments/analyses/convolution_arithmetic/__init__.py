"""Convolutions written out, and the identities that the study checks with them."""
