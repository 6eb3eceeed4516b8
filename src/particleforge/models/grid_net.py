"""Networks that describe an object at each point of a grid."""

from abc import abstractmethod

from particleforge.models.unet import Conv, UNet


class GridNet(UNet):
    """A U-Net with a head for the probability at each point, and one for what is described there.

    Parameters
    ----------
    prob
        Head of the logits, with one channel.
    """

    prob: Conv

    @property
    @abstractmethod
    def head(self) -> Conv:
        """Head of the description, linear in the features: it is applied only where it is needed."""
