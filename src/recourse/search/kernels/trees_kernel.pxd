cdef extern from *:
    long long RECOURSE_SOURCE_HASH
