import { render } from 'preact';
import './style/page.css';
import './style/try.css';
import './style/charts.css';
import './style/batch.css';
import './style/live.css';
import { App } from './shell/app.tsx';

render(<App />, document.getElementById('page')!);
