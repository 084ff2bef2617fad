"""The command ``taste``: the gallery in the browser, a drawing, a trained net, from the command line."""
