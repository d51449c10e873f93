#include "core/net/bpf_object.hpp"

#include <elf.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>

namespace ngx_vrrp::net {

namespace {

// "lddw": loads 64 bits, of which this instruction has the lower half.
constexpr std::uint8_t kLoadWide = BPF_LD | BPF_DW | BPF_IMM;

template <class T>
std::vector<T> read_array(Bytes file, std::uint64_t offset,
                          std::uint64_t size) {
    if (offset > file.size() || size > file.size() - offset) {
        return {};
    }
    std::vector<T> items(size / sizeof(T));
    if (!items.empty()) {
        std::memcpy(items.data(), file.data() + offset,
                    items.size() * sizeof(T));
    }
    return items;
}

class ElfFile {
public:
    explicit ElfFile(Bytes file) : file_(file) {
        const auto headers =
            read_array<Elf64_Ehdr>(file, 0, sizeof(Elf64_Ehdr));
        if (headers.empty() || headers[0].e_shentsize != sizeof(Elf64_Shdr)) {
            return;
        }
        const Elf64_Ehdr &header = headers[0];
        sections_ = read_array<Elf64_Shdr>(file, header.e_shoff,
                                           header.e_shnum * sizeof(Elf64_Shdr));
        names_ = header.e_shstrndx;
    }

    template <class T>
    std::vector<T> content(std::size_t section) const {
        return section < sections_.size()
                   ? read_array<T>(file_, sections_[section].sh_offset,
                                   sections_[section].sh_size)
                   : std::vector<T>{};
    }

    std::string text(std::size_t section, std::size_t offset) const {
        const auto all = content<char>(section);
        const auto begin = all.begin() + static_cast<std::ptrdiff_t>(
                                             std::min(offset, all.size()));
        return {begin, std::find(begin, all.end(), '\0')};
    }

    std::optional<std::size_t> find(std::string_view name) const {
        for (std::size_t i = 0; i < sections_.size(); i++) {
            if (sections_[i].sh_type == SHT_PROGBITS &&
                text(names_, sections_[i].sh_name) == name) {
                return i;
            }
        }
        return std::nullopt;
    }

    // Of the tables with references from this section.
    std::vector<Elf64_Shdr> relocations(std::size_t section) const {
        std::vector<Elf64_Shdr> found;
        std::ranges::copy_if(
            sections_, std::back_inserter(found), [&](const Elf64_Shdr &s) {
                return s.sh_type == SHT_REL && s.sh_info == section;
            });
        return found;
    }

    std::vector<Elf64_Rel> entries(const Elf64_Shdr &table) const {
        return read_array<Elf64_Rel>(file_, table.sh_offset, table.sh_size);
    }

    // Of a symbol, by its number in the table with the references.
    std::string symbol(const Elf64_Shdr &table, std::size_t number) const {
        const auto symbols = content<Elf64_Sym>(table.sh_link);
        return number < symbols.size() ? text(sections_[table.sh_link].sh_link,
                                              symbols[number].st_name)
                                       : "";
    }

private:
    Bytes file_;
    std::vector<Elf64_Shdr> sections_;
    std::size_t names_ = 0;
};

bool put_map(std::vector<bpf_insn> &program, std::uint64_t offset, int map_fd) {
    const std::uint64_t at = offset / sizeof(bpf_insn);
    if (at >= program.size() || program[at].code != kLoadWide) {
        return false;
    }
    program[at].src_reg = BPF_PSEUDO_MAP_FD;
    program[at].imm = map_fd;
    return true;
}

}  // namespace

std::optional<std::vector<bpf_insn>> read_bpf_program(Bytes object,
                                                      std::string_view section,
                                                      std::string_view map,
                                                      int map_fd) {
    const ElfFile file(object);
    const auto number = file.find(section);
    if (!number) {
        return std::nullopt;
    }
    auto program = file.content<bpf_insn>(*number);
    for (const Elf64_Shdr &table : file.relocations(*number)) {
        for (const Elf64_Rel &entry : file.entries(table)) {
            if (file.symbol(table, ELF64_R_SYM(entry.r_info)) != map ||
                !put_map(program, entry.r_offset, map_fd)) {
                return std::nullopt;
            }
        }
    }
    return program;
}

}  // namespace ngx_vrrp::net
