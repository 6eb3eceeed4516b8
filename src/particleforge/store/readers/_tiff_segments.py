"""Pixels of a TIFF page of which only the strips or tiles requested are read."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from tifffile import TiffFrame, TiffPage


class Segments:
    """Page of a file that is opened only while pixels are read.

    Parameters
    ----------
    page
        Its description.
    """

    def __init__(self, page: "TiffPage | TiffFrame") -> None:
        self._page = page
        self.shape, self.dtype = tuple(page.shape), np.dtype(page.dtype)

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        import zarr

        file = self._page.parent.filehandle
        file.open()
        try:
            with self._page.aszarr() as store:
                return np.asarray(zarr.open_array(store, mode="r")[index])
        finally:
            file.close()
