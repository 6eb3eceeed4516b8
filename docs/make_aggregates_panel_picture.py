"""Make the picture of the Aggregates panel.

``xvfb-run -a -s "-screen 0 1280x800x24" uv run python docs/make_aggregates_panel_picture.py``
"""

import napari
from panel_pictures import IMAGES, new_viewer, open_panel, settle, wait
from PIL import Image

from particleforge.recipes.any import read_recipe

QUALITY = 82
CHANGES = {"growth.fractal_dimension": 75, "growth.particles": 60, "materials.1.share": 50}
"""Places of sliders."""


def show(viewer: napari.Viewer) -> None:
    """Show an aggregate in 3D next to its image."""
    viewer.theme = "dark"
    viewer.window.resize(1280, 800)
    panel = open_panel(viewer, "Aggregates")
    growth = panel.growth
    wait(growth.grown, lambda: growth.recipe.gallery.choose("hetero"))
    smaller = read_recipe("hetero").replace(height_px=320, width_px=320)
    wait(growth.grown, lambda: growth.recipe.form.set_params(smaller))
    for name, place in CHANGES.items():
        growth.sliders.by_name[name].setValue(place)
    wait(growth.grown)
    viewer.reset_view()
    viewer.scene.camera.angles = (0, 18, 0)
    settle()
    shot = Image.fromarray(viewer.screenshot(canvas_only=False, flash=False)[..., :3])
    shot.save(IMAGES / "aggregates_panel.jpg", quality=QUALITY, subsampling=0, optimize=True)
    viewer.window.remove_dock_widget(panel)
    viewer.close()


if __name__ == "__main__":
    with new_viewer() as viewer:
        show(viewer)
