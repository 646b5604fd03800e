"""The stepper, address map, node board, finding list, command preview, log."""
