// Short tones where the configuration asks for them: "captured", "result" and "fault".
(() => {
  if (document.documentElement.dataset.sounds !== "on") return;
  const TONES = { captured: [880], result: [660, 880], fault: [330, 220] }; // in Hz, one after another
  const TONE_S = 0.12;
  const LOUD = 0.2;
  let audio = null;

  window.addEventListener("kiosk:sound", ({ detail }) => {
    audio ??= new AudioContext();
    audio.resume(); // one that was made before the first touch is silent until then
    TONES[detail].forEach((frequency, index) => {
      const tone = new OscillatorNode(audio, { frequency });
      const volume = new GainNode(audio, { gain: 0 });
      const start = audio.currentTime + index * TONE_S;
      volume.gain.setValueAtTime(LOUD, start);
      volume.gain.linearRampToValueAtTime(0, start + TONE_S); // without a click at its end
      tone.connect(volume).connect(audio.destination);
      tone.start(start);
      tone.stop(start + TONE_S);
    });
  });
})();
