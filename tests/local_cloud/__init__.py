"""An AWS on this machine, and Pulumi's part of making a rendered project's resources in it.

`emulator` starts it. `engine` runs the unchanged program: each resource that the program registers
is made by the calls in `resources`. `ministack_more` adds to the emulator what it lacks.
"""
