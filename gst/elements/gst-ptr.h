// Owning pointers for GStreamer's types: the same ones as in media.
#pragma once

#include "media/gst-ptr.h"
