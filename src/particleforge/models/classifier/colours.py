"""Networks for colour images, used for grey ones."""

from torch import Tensor, nn

MEAN, SD = 0.449, 0.226
"""Of grey values from 0 to 1 in ImageNet, over all colours."""


class AsColours(nn.Module):
    """Gives grey images to a network for colour images.

    Parameters
    ----------
    net
        Takes (B, 3, Y, X) images, normalised as those of ImageNet.
    """

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, crops: Tensor) -> Tensor:
        """(B, 1, Y, X) crops with values from 0 to 1 to (B, classes) logits."""
        logits: Tensor = self.net(((crops - MEAN) / SD).expand(-1, 3, -1, -1))
        return logits
