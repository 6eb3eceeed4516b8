"""Truth of rendered scenes in one pass against one pass per particle, images per minute, and memory.

``python benchmarks/render_truth.py [--variant scalar] [--images 5] [--memory 0]``
"""

import argparse
import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from particleforge.draws import fix
from particleforge.recipes.recipe import make_sample
from particleforge.recipes.render.engine.engine import Engine
from particleforge.recipes.render.population import Population
from particleforge.recipes.render.recipe import Render
from particleforge.recipes.render.truth import truth_table
from particleforge.seeds import stream

RECIPE = Render(
    height_px=512, width_px=512, particles=100, populations=(Population(diameter_nm="lognormal(60, 1.2)"),), threads=1
)


def cpu_seconds(engine):
    """Time this process and its renderer have computed so far, whatever else the machine does."""
    ticks = Path(f"/proc/{engine._child._process.pid}/stat").read_text().rsplit(")")[1].split()[11:13]
    return time.process_time() + sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def cost(engine, call):
    """CPU seconds and seconds of a call."""
    cpu, began = cpu_seconds(engine), time.perf_counter()
    call()
    return np.array([cpu_seconds(engine) - cpu, time.perf_counter() - began])


def resident_mib(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--variant", default="scalar", choices=("cuda", "llvm", "scalar"))
    parser.add_argument("--images", type=int, default=3)
    parser.add_argument("--memory", type=int, default=0, help="small images to make while memory is watched")
    args = parser.parse_args()
    engine = Engine(args.variant, 1)
    make_sample(RECIPE, engine, 0, 0)  # starts, compiles
    whole = np.median([cost(engine, lambda i=i: make_sample(RECIPE, engine, 0, i)) for i in range(args.images)], 0)
    print(f"{args.variant}, one thread, 512 x 512 px, 100 particles, 8 samples per pixel; CPU seconds (seconds):")
    print(f"sample: {whole[0]:.2f} ({whole[1]:.2f}); {60 / whole[0]:.0f} images per CPU minute")
    fixed = fix(RECIPE, stream(0, "fix", 0))
    scene = fixed.scene(stream(0, "simulate", 0))
    request = fixed.look.request(scene, 8, 0)
    both = cost(engine, lambda: truth_table(scene, engine.render(request)))
    mask = replace(request, integrator=None)
    each = 10 * cost(engine, lambda: [engine.render(mask) for _ in scene.bodies[:10]])
    print(f"image and all truth: {both[0]:.2f} ({both[1]:.2f}); masks one by one: {each[0]:.1f} ({each[1]:.1f})")
    print(f"one by one / all at once: {each[0] / both[0]:.1f}")
    small = RECIPE.replace(height_px=128, width_px=128, particles=8, samples_per_pixel=2)
    for i in range(args.memory):
        make_sample(small, engine, 1, i)
        if i in (args.memory // 5, args.memory - 1):
            here, there = resident_mib(os.getpid()), resident_mib(engine._child._process.pid)
            print(f"after {i + 1} images: {here:.0f} MiB here, {there:.0f} MiB in the renderer")


if __name__ == "__main__":
    main()
