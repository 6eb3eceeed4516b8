"""Mask R-CNN detectors (He et al., ICCV 2017, doi:10.1109/ICCV.2017.322), built on torchvision."""
