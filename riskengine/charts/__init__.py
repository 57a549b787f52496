"""Pictures of figures as accessible SVG: shape as well as colour, the same numbers as a list."""
