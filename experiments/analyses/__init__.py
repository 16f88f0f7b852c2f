"""The mathematics of single studies, each under the name of its study."""
