"""Keras 3 beside legacy Keras: TensorFlow must be told of the latter first."""

import importlib.util

if importlib.util.find_spec("tf_keras"):  # not so where another backend is tried by itself
    from prunelab.networks import backend as _  # noqa: F401
