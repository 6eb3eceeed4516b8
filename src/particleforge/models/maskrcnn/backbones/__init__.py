"""Networks that compute the pyramid of features: one file per backbone with a function ``parts(config)``.

``COCO`` is the name of torchvision's file of weights trained on COCO, empty if there is none, and ``FROM_COCO`` the
beginnings of the names of those weights that are used.
"""
