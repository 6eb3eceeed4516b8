"""The process Mitsuba runs in: ``python -m particleforge.recipes.render.engine.child VARIANT THREADS``.

It reads pickled `Request`s from stdin and writes a pickled `View` or the text of an error for each, until stdin ends.
"""

import os
import pickle
import sys
from typing import Any

import numpy as np

from particleforge.recipes.render.engine.view import Plain, Request, Surface, View


def main(variant: str, threads: int) -> None:
    """Serve requests until there are no more."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # output of libraries must not mix with the answers
    import mitsuba as mi

    mi.set_variant(variant)
    import drjit as dr

    if threads:
        dr.set_thread_count(threads)
    while True:
        try:
            request: Request = pickle.load(requests)
        except EOFError:
            return
        answer: View | str
        try:
            answer = view(mi, request)
        except RuntimeError as error:  # what Mitsuba raises for invalid plain data
            answer = str(error)
        pickle.dump(answer, answers, protocol=pickle.HIGHEST_PROTOCOL)
        answers.flush()


def view(mi: Any, request: Request) -> View:
    """Build the scene once; one pass for the visible surfaces, one for the image."""
    scene = mi.load_dict(
        {"type": "scene"}
        | {f"surface{k}": _surface(mi, k, surface) for k, surface in enumerate(request.surfaces)}
        | {f"emitter{k}": _loadable(mi, emitter) for k, emitter in enumerate(request.emitters)}
    )
    seen = mi.load_dict({"type": "aov", "aovs": "position:position,surface:uv,triangle:prim_index,normal:sh_normal"})
    middles = _sensor(mi, request, {"type": "stratified", "jitter": False})
    maps = np.array(mi.render(scene, sensor=middles, integrator=seen, spp=1), np.float32)
    position, normal = maps[..., :3], maps[..., 6:9]
    surface, triangle = (np.rint(maps[..., k]).astype(np.int64) for k in (3, 5))
    labels = np.zeros(request.shape, np.uint32)
    for k, given in enumerate(request.surfaces, 1):
        labels[surface == k] = given.labels[triangle[surface == k]]
    position[surface == 0] = np.nan
    radiance = None
    if request.integrator is not None:
        integrator = mi.load_dict(_loadable(mi, request.integrator))
        anywhere = _sensor(mi, request, {"type": "multijitter"})
        how = {"spp": request.samples_per_pixel, "seed": request.seed}
        radiance = np.array(mi.render(scene, sensor=anywhere, integrator=integrator, **how), np.float32)[..., 0]
    return View(labels, position, normal, radiance, mi.variant())


def _sensor(mi: Any, request: Request, sampler: Plain) -> Any:
    """Return a camera above everything, viewing along -z."""
    height, width = request.shape
    heights = np.concatenate([[0.0], *(surface.mesh.vertices[:, 2] for surface in request.surfaces)])
    above = heights.max() + 10
    to_world = np.array(
        [[-width / 2, 0, 0, width / 2], [0, -width / 2, 0, height / 2], [0, 0, -1, above], [0, 0, 0, 1]]
    )
    film = {"type": "hdrfilm", "width": width, "height": height, "rfilter": {"type": "box"}}
    return mi.load_dict(
        {
            "type": "orthographic",
            "to_world": mi.ScalarTransform4f(to_world),
            "near_clip": 1.0,
            "far_clip": float(above - heights.min() + 100),
            "film": film | {"pixel_format": "luminance", "component_format": "float32"},
            "sampler": sampler,
        }
    )


def _surface(mi: Any, number: int, surface: Surface) -> Any:
    """Return a Mitsuba mesh; texture coordinates are its number from 1, so that one pass can distinguish surfaces."""
    properties = mi.Properties()
    properties["bsdf"] = mi.load_dict(_loadable(mi, surface.bsdf))
    vertices, faces = surface.mesh.vertices, surface.mesh.faces
    mesh = mi.Mesh(
        f"surface{number}",
        len(vertices),
        len(faces),
        has_vertex_normals=True,
        has_vertex_texcoords=True,
        props=properties,
    )
    if surface.values is not None:
        mesh.add_attribute("vertex_value", 1, surface.values.astype(np.float32))
    buffers = mi.traverse(mesh)
    buffers["vertex_positions"] = vertices.ravel().astype(np.float32)
    buffers["vertex_normals"] = surface.mesh.normals.ravel().astype(np.float32)
    buffers["vertex_texcoords"] = np.full(2 * len(vertices), number + 1, np.float32)
    buffers["faces"] = faces.ravel().astype(np.uint32)
    buffers.update()
    return mesh


def _loadable(mi: Any, data: Any) -> Any:
    """Plain data for `mi.load_dict`: (4, 4) arrays become transforms, (Y, X, 3) arrays bitmaps."""
    if isinstance(data, np.ndarray):
        return mi.ScalarTransform4f(data) if data.shape == (4, 4) else mi.Bitmap(data.astype(np.float32))
    return {name: _loadable(mi, value) for name, value in data.items()} if isinstance(data, dict) else data


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
