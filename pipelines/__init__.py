"""How the steps connect and run: configuration, pipeline, compiler, runner, command line."""

import components  # noqa: F401 - decides the Keras of this process before TensorFlow is imported
