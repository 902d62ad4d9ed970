"""What a stack of this project deploys, in Pulumi."""
