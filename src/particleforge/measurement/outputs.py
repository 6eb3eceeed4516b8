"""What a measurement writes for people to read, next to its tables."""

from typing import Literal

from pydantic import Field

from particleforge.measurement.picture import TEXT_PT
from particleforge.params import Params


class Outputs(Params):
    """Which reports and figures are written."""

    reports: bool = Field(True, description="Whether to write reports, for each image and for all together.")
    image_pdfs: bool = Field(
        False, title="PDF for each image", description="Whether the report of each image is written as PDF as well."
    )
    vector_figures: Literal["none", "svg", "pdf"] = Field(
        "none", description="Format in which figures are written in addition to PNG, for papers."
    )
    grain_size: bool = Field(
        False,
        title="Grain size (ASTM)",
        description="Whether the particles are grains that fill the image, so that their ASTM grain size is reported.",
    )
    figure_text_pt: float = Field(
        TEXT_PT, ge=4, le=24, title="Text in figures [pt]", description="Size of the text in figures in points."
    )

    def figure_suffixes(self) -> list[str]:
        """Suffixes of the files of a figure."""
        return [".png"] if self.vector_figures == "none" else [".png", f".{self.vector_figures}"]
