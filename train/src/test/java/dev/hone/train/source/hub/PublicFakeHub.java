package dev.hone.train.source.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The stand-in hub for tests elsewhere. */
public final class PublicFakeHub implements AutoCloseable {
  /** May do everything. */
  public static final String TOKEN = FakeHub.GOOD;

  private final FakeHub hub = new FakeHub();

  /** Starts it. */
  public PublicFakeHub() throws IOException {}

  /** {@code HF_ENDPOINT}. */
  public String address() {
    return hub.address();
  }

  /** Gives this JVM another environment, as far as hubs are concerned; null gives its own back. */
  public static void environment(Map<String, String> variables) {
    HubSettings.user = variables == null ? System::getenv : variables::get;
  }

  /** Publishes the files of a directory on the main branch; returns the commit. */
  public String put(String name, Path directory) throws IOException {
    Map<String, byte[]> files = new HashMap<>();
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        files.put(directory.relativize(file).toString(), Files.readAllBytes(file));
      }
    }
    return hub.put(name, "main", files);
  }

  /** The files of the main branch. */
  public Map<String, byte[]> files(String name) {
    return hub.files(name);
  }

  /** Forgets the requests so far. */
  public void forget() {
    hub.requests().clear();
  }

  /** How many requests there were. */
  public int count() {
    return hub.requests().size();
  }

  /** How many there were for such paths. */
  public int count(String path) {
    return hub.requests(path).size();
  }

  /** Publishes files on the main branch. */
  public void put(String name, Map<String, byte[]> files) {
    hub.put(name, "main", files);
  }

  /** Lets connections for large files die after so many bytes, while they stay open. */
  public void die(long bytes) {
    hub.fault("dead", "/cdn/", bytes, -1);
  }

  /** Ends all faults. */
  public void recover() {
    hub.noFaults();
  }

  /** Where the ranges of large files that were asked for begin. */
  public List<Long> ranges() {
    return hub.requests("/cdn/").stream().map(request -> Long.parseLong(request.header("range").replaceAll("bytes=|-.*", "")))
        .toList();
  }

  /** Whether a token went to the second host. */
  public boolean leaked() {
    return hub.requests().stream().anyMatch(request -> !request.first() && !request.header("authorization").isEmpty());
  }

  /** The bodies and headers of all requests. */
  public List<String> requests() {
    return hub.requests().stream().map(Object::toString).toList();
  }

  @Override
  public void close() throws IOException {
    hub.close();
  }
}
