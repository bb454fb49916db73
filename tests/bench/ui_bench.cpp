// SPDX-License-Identifier: GPL-3.0-or-later
//
// The parts of a frame of the window that have a budget: folding and drawing the map of a 16 GiB machine, the bins of a
// long timeline, a chart. Off screen; times are those of one core.
#include "core/types/random.h"
#include "ui/frame_map/frame_raster.h"
#include "ui/layout/address_lens.h"
#include "ui/layout/frame_lod.h"
#include "ui/layout/timeline_bins.h"

#include <benchmark/benchmark.h>

#include <QImage>
#include <QPainter>
#include <algorithm>
#include <vector>

namespace ksl::ui {
namespace {

constexpr std::uint64_t kFrames = std::uint64_t{1} << 22; // 16 GiB

/// A machine that has run for a while: blocks of small orders, mixed, with larger plain areas between them.
std::vector<FrameByte> aged_memory(std::uint64_t seed) {
    std::vector<FrameByte> memory(kFrames, frame_byte(FrameClass::movable, 0));
    core::Random random{seed};
    for (std::uint64_t pfn = 0; pfn < kFrames;) {
        const bool is_busy_area = (pfn >> 14) % 4 != 0;
        auto order = static_cast<unsigned>(is_busy_area ? random.below(4) : 5 + random.below(6));
        while (pfn % (1ULL << order) != 0) --order;
        const auto kind = static_cast<FrameClass>(1 + random.below(7));
        std::fill_n(memory.begin() + static_cast<std::ptrdiff_t>(pfn), 1ULL << order, frame_byte(kind, order));
        pfn += 1ULL << order;
    }
    return memory;
}

struct MapFixture {
    std::vector<FrameByte> memory = aged_memory(1);
    FrameLod lod{FrameGrid{core::Pages{kFrames}, MapLayout::hilbert}};
    MapFixture() { lod.refold_all(memory); }
};
MapFixture& fixture() {
    static MapFixture shared;
    return shared;
}

void bm_refold_200_tiles(benchmark::State& state) {
    const auto layout = state.range(0) == 0 ? MapLayout::hilbert : MapLayout::linear;
    const std::vector<FrameByte>& memory = fixture().memory;
    FrameLod lod{FrameGrid{core::Pages{kFrames}, layout}};
    lod.refold_all(memory);
    std::vector<std::uint32_t> tiles;
    for (std::uint32_t i = 0; i < 200; ++i) tiles.push_back((i * 37) % lod.grid().tiles());
    for (auto _ : state) {
        lod.refold(memory, tiles);
        benchmark::DoNotOptimize(lod.cell(lod.levels() - 1, {}));
    }
}
BENCHMARK(bm_refold_200_tiles)->ArgName("linear")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

void bm_refold_whole_machine(benchmark::State& state) {
    for (auto _ : state) fixture().lod.refold_all(fixture().memory);
}
BENCHMARK(bm_refold_whole_machine)->Unit(benchmark::kMillisecond);

/// Arguments: device pixels a cell in hundredths, patterns.
void bm_draw_1600x900(benchmark::State& state) {
    const double scale = static_cast<double>(state.range(0)) / 100;
    const MapPaints paints{Look{{.patterns = state.range(1) != 0}}, MapMode::frame_class, 1};
    QImage image(1600, 900, QImage::Format_RGB32);
    auto* pixels = reinterpret_cast<Pixel*>(image.bits());
    const PixelBuffer buffer{.pixels = pixels, .stride = image.bytesPerLine() / 4, .width = 1600, .height = 900};
    const MapImage map{
        .lod = fixture().lod, .values = nullptr, .paints = paints, .camera = {.x = 0, .y = 0, .scale = scale}};
    for (auto _ : state) {
        draw_frame_map(map, buffer, {.x = 0, .y = 0, .width = 1600, .height = 900});
        benchmark::ClobberMemory();
    }
}
BENCHMARK(bm_draw_1600x900)
    ->ArgNames({"scale", "patterns"})
    ->ArgsProduct({{44, 78, 100, 150, 300, 600, 1600}, {0, 1}})
    ->Unit(benchmark::kMillisecond);

void bm_blit_1600x900(benchmark::State& state) {
    QImage source(1600, 900, QImage::Format_RGB32);
    QImage target(1600, 900, QImage::Format_RGB32);
    source.fill(Qt::gray);
    for (auto _ : state) {
        QPainter painter(&target);
        painter.drawImage(0, 0, source);
    }
}
BENCHMARK(bm_blit_1600x900)->Unit(benchmark::kMillisecond);

/// What frame_raster.h compares itself with: the same cells as an indexed image, scaled by QPainter.
void bm_qpainter_indexed8_1600x900(benchmark::State& state) {
    QImage source(1600, 900, QImage::Format_Indexed8);
    QList<QRgb> colours(256, 0xff808080U);
    source.setColorTable(colours);
    source.fill(3);
    QImage target(1600, 900, QImage::Format_RGB32);
    for (auto _ : state) {
        source.bits()[0] ^= 1; // new cells each frame: no cached conversion
        QPainter painter(&target);
        painter.drawImage(QRectF(0, 0, 2400, 1350), source);
    }
}
BENCHMARK(bm_qpainter_indexed8_1600x900)->Unit(benchmark::kMillisecond);

void bm_timeline_bins(benchmark::State& state) {
    EventTrack track;
    core::Random random{3};
    std::uint64_t at = 0;
    for (std::int64_t i = 0; i < state.range(0); ++i) {
        at += random.below(200);
        track.append(core::Nanoseconds{at}, static_cast<float>(random.below(3000)), random.chance(1, 100'000));
    }
    const TimeRange all{.from = core::Nanoseconds{0}, .to = core::Nanoseconds{at}};
    for (auto _ : state) benchmark::DoNotOptimize(track.bins(all, 1600));
}
BENCHMARK(bm_timeline_bins)->Arg(100'000)->Arg(10'000'000)->Unit(benchmark::kMillisecond);

void bm_address_lens(benchmark::State& state) {
    std::vector<LensSegment> segments(static_cast<std::size_t>(state.range(0)),
                                      LensSegment{.size = core::Bytes{20'480}, .minimum = 3});
    for (auto _ : state) {
        const AddressLens lens{core::VirtAddr{0xffffc90000000000}, segments, 1600, 2};
        benchmark::DoNotOptimize(lens.width());
    }
}
BENCHMARK(bm_address_lens)->Arg(400)->Unit(benchmark::kMillisecond);

} // namespace
} // namespace ksl::ui
