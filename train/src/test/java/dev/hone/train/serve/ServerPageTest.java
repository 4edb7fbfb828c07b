package dev.hone.train.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.lora.Adapter;
import dev.hone.lora.AdapterFiles;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.Labels;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.TinyLanguageModel;
import dev.hone.train.TinyModel;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.infer.TextEmbedder;
import dev.hone.train.infer.TextGenerator;
import dev.hone.train.monitor.AnswerLog;
import dev.hone.train.monitor.Feedback;
import dev.hone.train.monitor.FeedbackLog;
import dev.hone.train.monitor.LogSettings;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** The page in a real browser: it streams a chat, shows labels and likeness, asks for the key, and fits a telephone. */
class ServerPageTest {
  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path directory;

  private static void click(Browser browser, String form) {
    browser.value("document.getElementById('" + form + "').requestSubmit()");
  }

  private static void set(Browser browser, String field, String value) {
    browser.value("document.getElementById('" + field + "').value = '" + value + "'");
  }

  private static void choose(Browser browser, String model) {
    browser.value("(() => { const all = document.getElementById('model'); all.value = '" + model
        + "'; all.dispatchEvent(new Event('change')); })()");
  }

  @Test
  @Timeout(300)
  void modelsAreTriedInTheBrowser() throws Exception {
    assumeTrue(Browser.program() != null, "there is no Chromium here");
    Path base = TinyModel.write(directory.resolve("base"));
    PretrainedModel labelled = PretrainedModel.load(base, new Labels(List.of("up", "down"), Labels.Kind.SINGLE_LABEL), 1);
    AdapterFiles.save(Adapter.attach(labelled, LoraConfig.of(2, 4), 1), directory.resolve("adapter"), "base");
    TextGenerator generator = TextGenerator.load(TinyLanguageModel.write(directory.resolve("tiny")), null);
    Path kept = directory.resolve("log");
    try (FeedbackLog log = FeedbackLog.open(kept, LogSettings.DEFAULTS.withText());
        ModelServer server = ModelServer.open(ServerSettings.ALL.read(Map.of("port", 0, "key", "secret")));
        Browser browser = new Browser(Browser.program(), directory.resolve("profile"))) {
      server.add("tiny", generator);
      server.add("labels", TextClassifier.withAdapters(base, Map.of("reviews", directory.resolve("adapter"))));
      server.add("vectors", TextEmbedder.load(base));
      server.keep(log);
      server.ready();
      browser.size(390, 800);
      browser.open(server.address() + "/");
      browser.until("!document.getElementById('key-form').hidden");
      set(browser, "key", "secret");
      click(browser, "key-form");
      browser.until("document.querySelectorAll('#model option').length === 4");
      assertTrue(browser.value("document.getElementById('key-form').hidden").asBoolean());

      set(browser, "message", "Good");
      set(browser, "tokens", "30");
      set(browser, "temperature", "0");
      // counts what was written piece by piece, however many pieces the observer is told of at a time
      browser.value("window.pieces = 0; new MutationObserver(all => window.pieces += all.length)"
          + ".observe(document.getElementById('talk'), {subtree: true, childList: true, characterData: true})");
      click(browser, "chat-form");
      browser.until("document.querySelector('#talk .opinion')");
      assertTrue(browser.value("window.pieces").asInt() > 20, browser.value("window.pieces").toString());
      assertTrue(browser.value("document.querySelectorAll('#talk .said')[1].textContent.length").asInt() > 0);
      assertEquals("Good", browser.value("document.querySelector('#talk .mine .said').textContent").asString());
      browser.value("document.querySelector('.opinion button').click()");
      browser.until("document.querySelector('.opinion [role=status]').textContent === 'kept'");

      choose(browser, "reviews");
      set(browser, "text", "it is <b>good</b>");
      click(browser, "classify-form");
      browser.until("document.querySelectorAll('#labels .bar').length === 2");
      double sum = browser.value("[...document.querySelectorAll('#labels meter')].reduce((all, each) => all + each.value, 0)")
          .asDouble();
      assertEquals(1, sum, 1e-5);
      browser.value("document.querySelectorAll('#labels .opinion button')[2].click()");
      browser.until("document.querySelector('#labels select.correction')");
      browser.value("document.querySelector('#labels select.correction').value = 'down'");
      browser.value("[...document.querySelectorAll('#labels .opinion button')].at(-1).click()");
      browser.until("document.querySelector('#labels .opinion [role=status]').textContent === 'kept'");
      List<Feedback> said = List.copyOf(AnswerLog.read(kept, null, _ -> true).feedback().values());
      assertEquals(2, said.size());
      assertTrue(said.get(0).isGood());
      assertEquals("down", said.get(1).label());
      assertEquals("page", said.get(1).source());

      choose(browser, "vectors");
      set(browser, "first", "good");
      set(browser, "second", "good");
      click(browser, "embed-form");
      browser.until("document.querySelector('#likeness .value')");
      assertEquals("1.000", browser.value("document.querySelector('#likeness .value').textContent").asString());

      browser.until("document.querySelectorAll('#load dd').length > 3");
      for (int width : new int[] {390, 1400}) {
        browser.size(width, 800);
        assertTrue(browser.value("document.documentElement.scrollWidth <= innerWidth").asBoolean(), "too wide for " + width);
      }
      List<String> complaints = browser.complaints().stream().filter(line -> !line.contains("401")).toList();
      assertEquals(List.of(), complaints);
    }
  }
}
