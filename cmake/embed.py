"""Writes the bytes of a file as the elements of a C++ array initialiser: embed.py INPUT OUTPUT"""
import sys

data = open(sys.argv[1], "rb").read()
with open(sys.argv[2], "w", encoding="ascii") as out:
    for start in range(0, len(data), 20):
        out.write(",".join(str(byte) for byte in data[start:start + 20]) + ",\n")
