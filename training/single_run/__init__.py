"""One run: a `RunConfig` comes in, a `RunRecord` goes out.

`train` loads and scales the images, builds the network, trains it with an engine, and evaluates it.
Nothing is stored here.
"""
