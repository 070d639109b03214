SELECT began FROM box
