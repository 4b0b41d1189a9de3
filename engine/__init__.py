"""A Dagger engine for machines that no image registry answers.

``python3 -m engine up`` builds the genuine Dagger engine and CLI from their Go modules, makes
stand-ins of the container images that the pipeline uses (``standins.toml`` says what is in each),
serves them from a local registry under their public names, and runs the engine as a plain process.
Where a Docker daemon and the registries answer, it says so and does nothing.

The way through the folder, one concern a file:

    __main__.py   the commands
    up.py         the order of things: what is made from what
    existing.py   is there an engine already, of the person's own?
    doctor.py     what this machine lacks, and the command that gets it
    recipes.py    standins.toml as values
    build.py      Go programs            rootfs.py   Debian root file systems
    layers.py     image layers           images.py   images out of the three
    registry.py   the mirror             engine.py   the engine's process and settings
    inside.py     the engine's own mount namespace
    room.py       room in its cache, before it serves
    process.py    detached processes, found again by pid and start time
    attend.py     a client run beside the engine, ended with it
    network.py    what an engine leaves in the machine's network, removed
    paths.py      the one folder that everything lives in
    disk.py       sizes on disk
    lock.py, say.py, errors.py

Only the standard library is used: this runs before anything is installed.
"""
