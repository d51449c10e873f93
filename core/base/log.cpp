#include "core/base/log.hpp"

#include <cstdarg>
#include <cstdio>

namespace ngx_vrrp {

namespace {

std::string vformat(const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    const int length = std::vsnprintf(nullptr, 0, format, again);
    va_end(again);

    std::string text(length > 0 ? static_cast<std::size_t>(length) : 0, '\0');
    static_cast<void>(
        std::vsnprintf(text.data(), text.size() + 1, format, args));
    return text;
}

}  // namespace

void Log::operator()(LogLevel level, const char *format, ...) const {
    va_list args;
    va_start(args, format);
    std::string text = vformat(format, args);
    va_end(args);

    if (!context_.empty()) {
        text += ", " + context_;
    }
    sink_->write(level, text);
}

std::string format(const char *format, ...) {
    va_list args;
    va_start(args, format);
    std::string text = vformat(format, args);
    va_end(args);
    return text;
}

}  // namespace ngx_vrrp
