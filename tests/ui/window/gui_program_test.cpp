// SPDX-License-Identifier: GPL-3.0-or-later
//
// kstacklab-gui as a user starts it: a picture without a display, a window on one, and its answers to bad input.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace ksl {
namespace {

namespace fs = std::filesystem;

struct Answer {
    int code = -1;
    std::string text; ///< standard output and error
};

Answer run(const std::string& command) {
    Answer answer;
    // NOLINTNEXTLINE(cert-env33-c): the shell is there to set the program's environment
    std::FILE* pipe = popen((command + " 2>&1").c_str(), "r");
    if (pipe == nullptr) return answer;
    std::array<char, 4096> buffer{};
    while (std::fgets(buffer.data(), static_cast<int>(buffer.size()), pipe) != nullptr) answer.text += buffer.data();
    const int status = pclose(pipe);
    answer.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return answer;
}

const std::string kProgram = KSL_GUI;
const std::string kWithoutDisplay = "env -u DISPLAY -u WAYLAND_DISPLAY -u QT_QPA_PLATFORM ";

/// Width and height of a PNG, from its first chunk.
std::pair<unsigned, unsigned> png_size(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::array<unsigned char, 24> head{};
    in.read(reinterpret_cast<char*>(head.data()), head.size());
    const auto number = [&](std::size_t at) {
        return unsigned{head[at]} << 24 | unsigned{head[at + 1]} << 16 | unsigned{head[at + 2]} << 8 | head[at + 3];
    };
    return {number(16), number(20)};
}

TEST(GuiProgram, TakesAPictureWithoutADisplay) {
    const fs::path picture = fs::path(KSL_SCRATCH) / "window.png";
    fs::remove(picture);
    const Answer answer =
        run(kWithoutDisplay + kProgram + " burst --steps 200 --theme dark --screenshot " + picture.string());
    EXPECT_EQ(answer.code, 0) << answer.text;
    const auto [width, height] = png_size(picture);
    EXPECT_EQ(width, 1280U);
    EXPECT_EQ(height, 720U) << "the window fits the smallest usual screen";
}

TEST(GuiProgram, TwoDesignsALessonAndACaptureFitTheSameWindow) {
    const fs::path picture = fs::path(KSL_SCRATCH) / "window_of_two.png";
    const std::string capture = std::string(KSL_TEST_DATA) + "/captures/6.1/mmu-y-128M";
    for (const std::string& what :
         {std::string("burst --design 1 --beside 2 --steps 200"), std::string("burst --lesson-step 1"),
          std::string("burst --lesson-step 4"), "--capture " + capture}) {
        fs::remove(picture);
        std::string command = kWithoutDisplay + kProgram;
        command.append(" ").append(what).append(" --theme light --screenshot ").append(picture.string());
        const Answer answer = run(command);
        EXPECT_EQ(answer.code, 0) << answer.text;
        const auto [width, height] = png_size(picture);
        EXPECT_EQ(width, 1280U) << what;
        EXPECT_EQ(height, 720U) << what;
    }
}

TEST(GuiProgram, TimesItsFrames) {
    const Answer answer = run(kWithoutDisplay + kProgram + " burst --bench-frames 10");
    EXPECT_EQ(answer.code, 0) << answer.text;
    for (const char* words : {"p99", "10 frames", "FrameMapCanvas", "TimelineView"})
        EXPECT_NE(answer.text.find(words), std::string::npos) << answer.text;
}

TEST(GuiProgram, SaysInOneLineWhatIsWrong) {
    const auto expect = [](const std::string& arguments, int code, const std::string& words) {
        const Answer answer = run(kWithoutDisplay + kProgram + " " + arguments);
        EXPECT_EQ(answer.code, code) << answer.text;
        EXPECT_NE(answer.text.find(words), std::string::npos) << answer.text;
        EXPECT_EQ(answer.text.find("kstacklab-gui: "), answer.text.rfind("kstacklab-gui: ")) << answer.text;
    };
    expect("--nonsense", 2, "--help");
    expect("--theme pink", 2, "--help");
    expect("--size 10x10", 2, "640x480");
    expect("no-such-scenario --screenshot x.png", 2, "no-such-scenario");
    expect("burst --design 99 --screenshot x.png", 2, "there is no design 99");
    expect("burst --set machine.cpus=0 --screenshot x.png", 2, "machine.cpus");
    expect("--screenshot x.png", 2, "needs a scenario");
    expect("burst --beside 99 --screenshot x.png", 2, "no such design");
    expect("burst --design 2 --beside 2 --screenshot x.png", 2, "two designs would be right");
    expect("burst --lesson-step 99 --screenshot x.png", 2, "no such step");
    expect("--capture /no/such/capture --screenshot x.png", 2, "/no/such/capture");
    expect("no-such-scenario --bench-frames 3", 2, "no-such-scenario");
    expect("burst --screenshot /no/such/folder/x.png", 3, "cannot be written");
    expect("burst", 3, "no display");
}

TEST(GuiProgram, ShowsOnADisplayAndCloses) {
    if (std::string(KSL_XVFB_RUN).find("NOTFOUND") != std::string::npos) GTEST_SKIP() << "no xvfb-run here";
    const fs::path picture = fs::path(KSL_SCRATCH) / "window_on_display.png";
    fs::remove(picture);
    const Answer answer =
        run(kWithoutDisplay + std::string(KSL_XVFB_RUN) + " -a -s '-screen 0 1280x720x24' env " +
            "QT_QPA_PLATFORM=xcb " + kProgram + " burst --steps 300 --screenshot " + picture.string());
    EXPECT_EQ(answer.code, 0) << answer.text;
    const auto [width, height] = png_size(picture);
    EXPECT_EQ(width, 1280U);
    EXPECT_LE(height, 720U);
}

} // namespace
} // namespace ksl
