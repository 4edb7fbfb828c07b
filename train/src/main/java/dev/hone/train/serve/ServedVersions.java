package dev.hone.train.serve;

import dev.hone.train.monitor.Registry;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;

/** Names that stand for a version of an adapter now and for another later, as a registry has them. */
final class ServedVersions implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ServedVersions.class.getName());
  private static final long LOOK_MILLIS = 1000;

  private final ModelServer server;
  private volatile Map<String, String> targets = Map.of(); // the adapter of each name
  private Set<String> before = Set.of(); // adapters of the names before the last change, which requests may still be about to use
  private volatile Thread watcher;
  private volatile boolean shadow;

  ServedVersions(ModelServer server) {
    this.server = server;
  }

  Map<String, String> targets() {
    return targets;
  }

  String target(String name) {
    return name == null ? null : targets.getOrDefault(name, name);
  }

  /** The version that each name means, by its label for Prometheus. */
  Map<String, Double> numbers() {
    Map<String, Double> numbers = new TreeMap<>();
    targets.forEach((name, target) -> numbers.put(Metrics.label("name", name), Double.valueOf(target.substring(1))));
    return numbers;
  }

  /** Lets the challenger answer what the champion is asked, for the log only. */
  void shadow(boolean on) {
    shadow = on;
  }

  /** The adapter that is to answer for the log only what is asked of a name; null for none. */
  String shadow(String name) {
    String challenger = targets.get(Registry.CHALLENGER);
    return shadow && Registry.CHAMPION.equals(name) && !Objects.equals(challenger, targets.get(name)) ? challenger : null;
  }

  void follow(Registry registry, String model) throws IOException {
    if (watcher != null) {
      throw new IllegalStateException("a registry is followed already");
    }
    update(registry, model);
    watcher = Thread.ofVirtual().name("hone-versions").unstarted(() -> {
      String complaint = "";
      while (watcher != null) {
        try {
          Thread.sleep(LOOK_MILLIS);
          update(registry, model);
          complaint = "";
        } catch (InterruptedException _) {
          return;
        } catch (IOException | RuntimeException e) {
          if (!complaint.equals(String.valueOf(e.getMessage()))) { // once
            complaint = String.valueOf(e.getMessage());
            LOG.log(Level.WARNING, "the registry's versions are not taken up, those before go on: " + complaint);
          }
        }
      }
    });
    watcher.start(); // not before it is the watcher, or it would take itself for closed
  }

  private synchronized void update(Registry registry, String model) throws IOException {
    Map<String, String> next = new TreeMap<>();
    for (Map.Entry<String, Integer> alias : registry.aliases().entrySet()) {
      next.put(alias.getKey(), Registry.adapter(alias.getValue()));
    }
    if (next.equals(targets)) {
      return;
    }
    for (Map.Entry<String, Integer> alias : registry.aliases().entrySet()) {
      String name = Registry.adapter(alias.getValue());
      if (next.containsValue(name) && !server.isAdapter(model, name)) {
        server.addAdapter(model, name, registry.directory(alias.getValue()));
      }
    }
    Set<String> old = new HashSet<>(targets.values());
    targets = Map.copyOf(next); // in one step
    LOG.log(Level.INFO, "serving " + next);
    for (String name : before) {
      if (!next.containsValue(name) && !old.contains(name)) {
        server.removeAdapter(name);
      }
    }
    old.removeAll(next.values());
    before = old;
  }

  @Override
  public void close() {
    Thread thread = watcher;
    watcher = null;
    if (thread != null) {
      thread.interrupt();
    }
  }
}
