"""Make the picture of the Synthesize panel.

``xvfb-run -a -s "-screen 0 1280x800x24" uv run python docs/make_synthesize_picture.py``
"""

import napari
from panel_pictures import IMAGES, new_viewer, open_panel, settle, wait
from PIL import Image

from particleforge.draws import LogNormal, Uniform
from particleforge.recipes.any import read_recipe

QUALITY = 82


def show(viewer: napari.Viewer) -> None:
    """Show a preview next to a micrograph, with its intensities."""
    viewer.theme = "light"
    viewer.window.resize(1280, 800)
    viewer.open_sample("napari-particleforge", "spheres")
    viewer.layers["particles"].visible = False
    panel = open_panel(viewer, "Synthesize")
    panel.compare.chooser.value = viewer.layers["spheres"]
    panel.compare.box.setChecked(True)
    panel.recipe.gallery.choose("silica_spheres")
    recipe = read_recipe("silica_spheres")
    (spheres,) = recipe.populations
    spheres = spheres.replace(diameter_nm=LogNormal(median=31, gsd=1.29))
    height, width = viewer.layers["spheres"].data.shape
    changes = {"height_px": height, "width_px": width, "pixel_size_nm": 1.2, "populations": (spheres,)}
    panel.recipe.form.set_params(recipe.replace(particles=Uniform(low=52, high=60), **changes))
    wait(viewer.layers.events.inserted, panel.preview.click)
    settle()
    viewer.layers.selection.active = viewer.layers["Preview particles"]
    viewer.reset_view()
    settle()
    shot = Image.fromarray(viewer.screenshot(canvas_only=False, flash=False)[..., :3])
    shot.save(IMAGES / "synthesize.jpg", quality=QUALITY, subsampling=0, optimize=True)
    viewer.window.remove_dock_widget(panel)
    viewer.close()


if __name__ == "__main__":
    with new_viewer() as viewer:
        show(viewer)
