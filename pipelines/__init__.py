"""How the steps connect and run: configuration, pipeline, compiler, runner, command line."""

import components  # noqa: F401 - decides the Keras of this process before TensorFlow is imported

__version__ = "0.2.0"
