"""From the pipeline's definition to TFX's intermediate representation (IR).

With the small description of it that schedulers and screens read, and the versions of the code by
which TFX's cache notices a change.
"""
