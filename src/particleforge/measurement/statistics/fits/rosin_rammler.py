"""The distribution of Rosin and Rammler."""

from typing import ClassVar, Literal

from particleforge.measurement.statistics.fits.weibull import Weibull


class RosinRammlerFit(Weibull):
    r"""Weibull distribution by volume, :math:`1 - \exp(-(d/d')^k)` (Rosin, Rammler, Sperling, Bennett).

    Its density by number is proportional to :math:`d^{-3}` times that by volume. It is a generalised gamma distribution
    and exists only for k above 3.
    """

    name: ClassVar[str] = "Rosin-Rammler"
    power: ClassVar[int] = 3
    kind: Literal["rosin_rammler"] = "rosin_rammler"
