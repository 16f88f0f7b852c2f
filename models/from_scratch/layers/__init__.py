"""Layers of the networks in NumPy, each with a forward and a backward pass.

In: a batch, shape (batch, *input shape), and in the backward pass the gradient of the loss with
respect to the layer's output. Out: the layer's output, and the gradients with respect to its input
and its parameters. `dense.Layer` defines the interface.
"""
