// From a keepalived.conf to the configuration of ngx_vrrp.
#pragma once

#include <string>

#include "translator/comments.hpp"
#include "translator/files.hpp"
#include "translator/lines.hpp"
#include "translator/remarks.hpp"
#include "translator/write.hpp"

namespace ngx_vrrp::translator {

struct Translation {
    Output output;
    Remarks remarks;
};

// Throws NotKeepalived.
Translation translate(const Files &files, const std::string &path,
                      const Identity &identity, const Limits &limits = {});

}  // namespace ngx_vrrp::translator
