/**
 * What a person sees of a run while it goes on: {@link dev.hone.train.view.PlainView} prints lines,
 * {@link dev.hone.train.view.LiveView} keeps a picture of the run on a terminal. What is left afterwards is in
 * {@code dev.hone.train.report}.
 */
package dev.hone.train.view;
