// A target needs a source file, also one that only holds a precompiled header (precompiled.cmake).
