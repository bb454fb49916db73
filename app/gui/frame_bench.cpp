// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/frame_bench.h"

#include "core/types/random.h"
#include "sim/scenario/scenario.h"
#include "ui/engine/scenario_source.h"
#include "ui/widgets/map_canvas.h"

#include <QApplication>
#include <QImage>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <map>
#include <utility>
#include <vector>

namespace ksl::gui {

namespace {

/// Time that this thread had a processor: what other programs take does not count.
struct Clock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<Clock>;
    static constexpr bool is_steady = true;
    static time_point now() {
        timespec time{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return time_point(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
    }
};

constexpr std::uint64_t kStepsAFrame = 16;
constexpr std::uint64_t kJumpEvery = 3;
constexpr std::size_t kWarmUp = 20; ///< frames in which layouts settle

double milliseconds(Clock::duration time) {
    return std::chrono::duration<double, std::milli>(time).count();
}

struct Times {
    std::vector<double> all;

    void print(const char* name) {
        std::ranges::sort(all);
        const auto at = [&](double share) {
            return all[std::min(all.size() - 1, static_cast<std::size_t>(share * static_cast<double>(all.size())))];
        };
        std::printf("%-24s %8.2f %8.2f %8.2f %8.2f\n", name, at(0.5), at(0.95), at(0.99), all.back());
    }
};

/// A run without a thread, as deliveries.
class Deliveries {
public:
    explicit Deliveries(std::unique_ptr<ui::EngineSource> source) : source_(std::move(source)) {}

    ui::Delivery play() {
        ui::Delivery delivery;
        for (std::uint64_t i = 0; i < kStepsAFrame; ++i) {
            const bool is_new = source_->position() == records_.size();
            const auto before = is_new ? ui::marks_of(source_->machine()) : std::vector<ui::CpuMark>{};
            if (!source_->forward()) break;
            if (!is_new) continue;
            ui::StepRecord record = ui::record_of(before, source_->machine(), source_->now(), source_->last_events());
            if (!records_.empty()) record.at = std::max(record.at, records_.back().at);
            records_.push_back(record);
            delivery.records.push_back(record);
            for (const core::Event& event : source_->last_events())
                delivery.log.push_back({.position = records_.size(), .at = record.at, .event = event});
        }
        delivery.snapshot = snapshot();
        return delivery;
    }
    ui::Delivery jump(core::Random& random) {
        source_->seek(random.below(records_.size()));
        ui::Delivery delivery;
        delivery.snapshot = snapshot();
        return delivery;
    }

private:
    [[nodiscard]] std::shared_ptr<const ui::Snapshot> snapshot() const {
        auto made = std::make_shared<ui::Snapshot>();
        made->machine = std::make_shared<const core::Machine>(source_->machine());
        made->position = source_->position();
        made->known_end = records_.size();
        made->is_finished = source_->is_finished();
        made->activity = ui::Activity::playing;
        const auto events = source_->last_events();
        made->events.assign(events.begin(), events.end());
        if (made->position != 0) {
            made->last = records_[made->position - 1];
            made->now = made->last.at;
        }
        return made;
    }

    std::unique_ptr<ui::EngineSource> source_;
    std::vector<ui::StepRecord> records_;
};

/// Each painted view by itself, whole, into a picture of its own.
void time_views(const ui::MainWindow& window, std::map<std::string, Times>& painting) {
    for (ui::MapCanvas* view : window.findChildren<ui::MapCanvas*>()) {
        if (!view->isVisible() || view->visibleRegion().isEmpty()) continue;
        // As sharp as the screen: a view that is drawn at another scale lays everything out anew.
        const double ratio = view->devicePixelRatioF();
        QImage picture((QSizeF(view->size()) * ratio).toSize(), QImage::Format_RGB32);
        picture.setDevicePixelRatio(ratio);
        const auto before = Clock::now();
        view->render(&picture);
        painting[view->metaObject()->className()].all.push_back(milliseconds(Clock::now() - before));
    }
}

int wrong(const sim::Error& error) {
    std::fprintf(stderr, "kstacklab-gui: %s\n", to_string(error).c_str());
    return sim::exit_code(error.kind);
}

} // namespace

int bench_frames(ui::MainWindow& window, const sim::Assets& assets, const WindowRequest& request) {
    const auto scenario = sim::load_scenario(assets, request.scenario, request.overrides);
    if (!scenario) return wrong(scenario.error());
    const auto memory = sim::make_memory_start(scenario->memory, scenario->machine.cpus);
    if (!memory) return wrong(memory.error());
    auto source = ui::ScenarioSource::open(assets, *scenario, request.design, *memory, {});
    if (!source) return wrong(source.error());
    Deliveries run(std::move(*source));
    window.show();
    core::Random random(scenario->seed);
    Times frames;
    Times reading;
    std::map<std::string, Times> painting;
    for (std::size_t frame = 0; frame < request.bench_frames + kWarmUp; ++frame) {
        const bool is_jump = frame % kJumpEvery == kJumpEvery - 1;
        const ui::Delivery delivery = is_jump ? run.jump(random) : run.play();
        const bool counts = frame >= kWarmUp;
        const auto start = Clock::now();
        window.show_delivery(delivery);
        const auto read = Clock::now();
        QApplication::processEvents(); // paints all that changed, in one go
        if (!counts) continue;
        frames.all.push_back(milliseconds(Clock::now() - start));
        time_views(window, painting);
        reading.all.push_back(milliseconds(read - start));
    }
    std::printf("%-24s %8s %8s %8s %8s   (milliseconds of processor time, %zu frames)\n", "", "p50", "p95", "p99",
                "max", request.bench_frames);
    frames.print("frame");
    reading.print("reading the moment");
    for (auto& [name, times] : painting) times.print(name.substr(name.rfind(':') + 1).c_str());
    return kDone;
}

} // namespace ksl::gui
