import { mount } from 'svelte';
import App from './app/App.svelte';
import './styles/tokens.css';
import { warmUp } from './engine/client.ts';
import './styles/base.css';

const target = document.getElementById('app');
if (target) mount(App, { target });

// Once the page stands. Who only reads a summary that was sent needs no worker.
if (!location.hash.startsWith('#s1.')) setTimeout(warmUp, 200);
