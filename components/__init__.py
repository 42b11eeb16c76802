"""How each step works: one folder per TFX component, a pure module and a thin adapter.

Importing this package decides, for every process that runs our code, which Keras ``tf.keras`` is:
TFT, TFMA and tf.distribute build on ``tf_keras``, and TensorFlow reads the variable only once.
"""

import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"
