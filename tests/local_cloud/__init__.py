"""An AWS on this machine, and Pulumi's part of making a rendered project's resources in it.

`emulator` starts it. `engine` runs the unchanged program: each resource that the program registers
is made by the operations that types.yaml names, or by a function of `resources` or `sagemaker`, of
which another emulator takes its part.
`ministack_more` adds to the emulator what it lacks.
"""
